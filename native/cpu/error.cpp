#include "retort/error.h"

namespace retort {

const char* name_of(DType dtype) {
  static const char* const names[] = {"float32", "int32", "uint8", "bfloat16", "int8"};
  return names[static_cast<int32_t>(dtype)];
}

std::string describe(const TensorView& tensor) {
  std::ostringstream text;
  text << '[';
  for (int32_t i = 0; i < tensor.rank; ++i) text << (i ? ", " : "") << tensor.dims[i];
  text << "] " << name_of(tensor.dtype);
  return text.str();
}

TensorView::TensorView(void* data, DType dtype, int32_t rank, const int64_t* dims)
    : data(data), dtype(dtype), rank(rank) {
  const int32_t type = static_cast<int32_t>(dtype);
  if (type < 0 || type > 4) {
    refuse("tensor", "the element type must be float32 (0), int32 (1), uint8 (2), bfloat16 (3) or int8 (4)", type);
  }
  if (rank < 1 || rank > max_rank) refuse("tensor", "the rank must be 1 to 6", rank);
  if (!dims) refuse("tensor", "dims must not be null", "null");
  for (int32_t i = 0; i < rank; ++i) this->dims[i] = dims[i];
  for (int32_t i = 0; i < rank; ++i) {
    if (dims[i] < 1) refuse("tensor", "every dimension must be 1 or more", describe(*this));
  }
  if (!data) refuse("tensor", "data must not be null", describe(*this));
}

}  // namespace retort
