// Which thread touched which byte when, and what follows from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

struct dim3;

namespace retort::simt {

// What a kernel did wrong, with thread, block, address and place in the program.
class Fault : public std::logic_error {
  using std::logic_error::logic_error;
};

enum class Access { read, write, atomic };

// What a call may do with a piece of memory.
enum class Use {
  in,      // read
  out,     // written whole, read only after that
  in_out,  // read, and written in part or whole
  scratch  // written before it is read
};

// Who is asking.
struct Who {
  uint32_t launch, block, thread, barrier, warp_barrier;
};

// Opens a call: memory declared from here on belongs to it.
void begin_call(const char* op);
// granule: bytes that are always accessed together (an element).
void declare(const char* name, const void* begin, size_t bytes, size_t granule, Use use);
// Closes the call; throws Fault when an output has a byte that nobody wrote, unless the call failed before.
void end_call(bool judge);

// For the scheduler: the memory of the block that runs now.
void declare_block(const void* shared, size_t shared_bytes, const void* parameters, size_t parameter_bytes);
void declare_stack(const void* begin, const void* end);
// The stacks of all threads.
void declare_stacks(const void* begin, const void* end);
// What the numbers of threads and blocks stand for in texts.
void declare_layout(const dim3& grid, const dim3& block);
// Returns a text when the access is a fault, null otherwise; the text lives until the next one.
const char* judge(const Who& who, Access access, const void* address, size_t bytes);

// An asynchronous copy of `launch` goes to these bytes, until it is called with 0: an access there is a fault.
void set_arriving(const void* address, size_t bytes, uint32_t launch);

// "thread 5 of block 2", or by coordinates where there is more than one dimension.
std::string thread_text(uint32_t thread, uint32_t block);
std::string block_text(uint32_t block);

const char* current_op();

}  // namespace retort::simt
