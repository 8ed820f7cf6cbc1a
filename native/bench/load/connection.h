// One keep-alive connection of HTTP/1.1 with at most one request under way; it never blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "requests.h"

namespace retort::load {

class Connection {
 public:
  enum class State { free, busy, answered, broken, closed };

  // Begins to connect and tells epoll of itself.
  Connection(int epoll, const addrinfo& server);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(const Request& request);

  // Goes on with what epoll says is possible. answered: status() and body_has() tell of the answer; broken: the
  // connection ended in the middle of a request; closed: it ended between two.
  State on(uint32_t events);

  // After answered: free again, or closed where the server wants no more on this connection.
  State release();

  int status() const { return status_; }
  bool body_has(const std::string& text) const { return text_.find(text, head_bytes_) != std::string::npos; }

 private:
  void write();
  bool read();
  bool complete();
  bool understand_head();
  bool chunks_complete() const;

  int socket_;
  State state_ = State::free;
  const Request* request_ = nullptr;
  size_t written_ = 0;
  std::string text_;
  size_t head_bytes_ = 0;
  int64_t body_bytes_ = 0;
  int status_ = 0;
  bool chunked_ = false, last_ = false;
};

}  // namespace retort::load
