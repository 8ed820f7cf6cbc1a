#include "connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace retort::load {
namespace {

constexpr int64_t until_closed = -1;

int connect_to(const addrinfo& server) {
  const int socket = ::socket(server.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) throw std::system_error(errno, std::generic_category(), "[connection] no socket");
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // An error shows as an event, or at the first write.
  (void)::connect(socket, server.ai_addr, server.ai_addrlen);
  return socket;
}

}  // namespace

Connection::Connection(int epoll, const addrinfo& server) : socket_(connect_to(server)) {
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  wanted.data.ptr = this;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket_, &wanted) != 0) {
    throw std::system_error(errno, std::generic_category(), "[connection] epoll does not take it");
  }
}

Connection::~Connection() { ::close(socket_); }

void Connection::send(const Request& request) {
  request_ = &request;
  written_ = 0;
  text_.clear();
  head_bytes_ = 0;
  state_ = State::busy;
  write();
}

Connection::State Connection::on(uint32_t events) {
  if (state_ == State::free) return events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) ? State::closed : State::free;
  if (events & EPOLLOUT) write();
  const bool open = read();
  if (complete() || (!open && head_bytes_ > 0 && body_bytes_ == until_closed)) {
    // Answered before it was asked to the end: the rest would be read as the next request.
    last_ = last_ || !open || written_ < request_->head.size() + request_->body.size();
    return state_ = State::answered;
  }
  return open ? state_ : state_ = State::broken;
}

Connection::State Connection::release() { return last_ ? State::closed : state_ = State::free; }

void Connection::write() {
  const std::string &head = request_->head, &body = request_->body;
  while (written_ < head.size() + body.size()) {
    const size_t of_head = std::min(written_, head.size()), of_body = written_ - of_head;
    iovec parts[] = {{const_cast<char*>(head.data()) + of_head, head.size() - of_head},
                     {const_cast<char*>(body.data()) + of_body, body.size() - of_body}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t bytes = sendmsg(socket_, &message, MSG_NOSIGNAL);
    // What is wrong with the socket is read from it.
    if (bytes < 0) return;
    written_ += static_cast<size_t>(bytes);
  }
}

// False once nothing more will come.
bool Connection::read() {
  char bytes[16384];
  for (;;) {
    const ssize_t count = recv(socket_, bytes, sizeof bytes, 0);
    if (count == 0) return false;
    if (count < 0) return errno == EAGAIN || errno == ENOTCONN || errno == EINTR;
    text_.append(bytes, static_cast<size_t>(count));
  }
}

bool Connection::complete() {
  if (head_bytes_ == 0 && !understand_head()) return false;
  if (chunked_) return chunks_complete();
  return body_bytes_ != until_closed && text_.size() >= head_bytes_ + static_cast<size_t>(body_bytes_);
}

bool Connection::understand_head() {
  const size_t end = text_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  head_bytes_ = end + 4;
  body_bytes_ = until_closed;
  chunked_ = false;
  last_ = text_.compare(0, 8, "HTTP/1.1") != 0;
  status_ = end > 12 ? std::atoi(text_.c_str() + 9) : 0;
  for (size_t line = text_.find("\r\n") + 2; line < end; line = text_.find("\r\n", line) + 2) {
    const char* header = text_.c_str() + line;
    if (strncasecmp(header, "content-length:", 15) == 0) body_bytes_ = std::atoll(header + 15);
    if (strncasecmp(header, "transfer-encoding: chunked", 26) == 0) chunked_ = true;
    if (strncasecmp(header, "connection: close", 17) == 0) last_ = true;
  }
  return true;
}

bool Connection::chunks_complete() const {
  for (size_t at = head_bytes_;;) {
    const size_t line_end = text_.find("\r\n", at);
    if (line_end == std::string::npos) return false;
    const size_t bytes = std::strtoull(text_.c_str() + at, nullptr, 16);
    at = line_end + 2 + bytes + 2;
    if (at > text_.size()) return false;
    if (bytes == 0) return true;
  }
}

}  // namespace retort::load
