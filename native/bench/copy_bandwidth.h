#pragma once

namespace retort {

// Bytes read and written a second by a copy in the memory of the current GPU.
double copy_bandwidth();

}  // namespace retort
