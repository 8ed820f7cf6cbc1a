// What is sent: one POST a body, the bodies of a file in turn.
#pragma once

#include <netdb.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace retort::load {

struct Request {
  std::string head, body;
};

class Requests {
 public:
  // url: http://HOST[:PORT]/PATH. A body is a line of the file, or record_bytes of it where that is not 0.
  Requests(const std::string& url, const std::string& file, size_t record_bytes,
           const std::vector<std::string>& headers);

  const Request& next() { return requests_[at_ = (at_ + 1) % requests_.size()]; }
  const addrinfo& server() const { return *server_; }

 private:
  std::vector<Request> requests_;
  size_t at_ = 0;
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> server_;
};

}  // namespace retort::load
