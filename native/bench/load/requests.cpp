#include "requests.h"

#include <fstream>
#include <stdexcept>

namespace retort::load {
namespace {

std::vector<std::string> bodies(const std::string& file, size_t record_bytes) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::invalid_argument("[requests] there must be a file of bodies: " + file);
  std::vector<std::string> bodies;
  std::string body(record_bytes, '\0');
  if (record_bytes == 0) {
    while (std::getline(in, body)) bodies.push_back(body);
  } else {
    while (in.read(&body[0], static_cast<std::streamsize>(record_bytes))) bodies.push_back(body);
  }
  if (bodies.empty()) throw std::invalid_argument("[requests] the file must hold a body: " + file);
  return bodies;
}

}  // namespace

Requests::Requests(const std::string& url, const std::string& file, size_t record_bytes,
                   const std::vector<std::string>& headers)
    : server_(nullptr, freeaddrinfo) {
  const std::string scheme = "http://";
  const size_t slash = url.find('/', scheme.size());
  if (url.rfind(scheme, 0) != 0 || slash == std::string::npos) {
    throw std::invalid_argument("[requests] the URL must be http://HOST[:PORT]/PATH: " + url);
  }
  const std::string place = url.substr(scheme.size(), slash - scheme.size());
  const size_t colon = place.find(':');
  const std::string host = place.substr(0, colon), port = colon == std::string::npos ? "80" : place.substr(colon + 1);
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &wanted, &found)) {
    throw std::invalid_argument("[requests] the host must have an address: " + place + ": " + gai_strerror(error));
  }
  server_.reset(found);

  std::string head = "POST " + url.substr(slash) + " HTTP/1.1\r\nHost: " + place + "\r\n";
  for (const std::string& header : headers) head += header + "\r\n";
  for (std::string& body : bodies(file, record_bytes)) {
    std::string own = head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    requests_.push_back({std::move(own), std::move(body)});
  }
}

}  // namespace retort::load
