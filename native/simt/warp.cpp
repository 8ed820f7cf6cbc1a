// What the lanes of a warp do together.
#include <cstring>
#include <string>

#include "launch.h"

namespace retort::simt {
namespace {

// Waits until the whole warp is here.
void meet(const char* collective) {
  Launch& l = current_launch();
  Warp& warp = l.warp();
  if (warp.arrived > 0 && std::strcmp(warp.collective, collective) != 0) {
    l.unseen = true;
    fail(("comes to " + std::string(collective) + " while other lanes of its warp wait in " + warp.collective).c_str());
  }
  warp.collective = collective;
  if (++warp.arrived < warp_size) {
    pause(l, State::at_warp);
    return;
  }
  warp.arrived = 0;
  ++warp.exchanges;
  const uint32_t first = l.current / warp_size * warp_size;
  for (uint32_t i = first; i < first + warp_size; ++i) {
    if (l.threads[i].state == State::at_warp) l.threads[i].state = State::ready;
  }
}

}  // namespace

void warp_barrier() {
  Warp& warp = current_launch().warp();
  const uint32_t last = warp.arrived + 1;
  if (last == warp_size) ++warp.barriers;
  meet("__syncwarp");
}

const unsigned char* exchange(const void* deposit, size_t bytes, const char* collective) {
  if (bytes > most_deposit) fail("deposits more than 128 bytes in a collective");
  Launch& l = current_launch();
  Warp& warp = l.warp();
  unsigned char(&deposits)[warp_size][most_deposit] = warp.deposits[warp.exchanges % 2];
  std::memcpy(deposits[l.current % warp_size], deposit, bytes);
  meet(collective);
  return deposits[0];
}

}  // namespace retort::simt
