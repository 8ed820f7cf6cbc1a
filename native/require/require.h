// What every op asks of its tensors before it touches them, on every backend: the backends refuse in the same words.
#pragma once

#include <cstdint>
#include <string>

#include "retort/error.h"

namespace retort {
namespace RETORT_ISA {

// "[64, 10]".
inline std::string shape_text(int32_t rank, const int64_t* dims) {
  std::string text = "[";
  for (int32_t i = 0; i < rank; ++i) text += (i == 0 ? "" : ", ") + std::to_string(dims[i]);
  return text + "]";
}

// Memory, and a shape without an empty dimension; any element type.
inline void require_tensor(const char* op, const char* name, const TensorView& tensor) {
  if (tensor.data == nullptr) refuse(op, std::string(name) + " must have memory", "null");
  if (tensor.rank < 1 || tensor.rank > TensorView::max_rank) {
    refuse(op, std::string(name) + " must have 1 to 6 dimensions", tensor.rank);
  }
  for (int32_t i = 0; i < tensor.rank; ++i) {
    if (tensor.dims[i] < 1) refuse(op, std::string(name) + " must not be empty", shape_text(tensor.rank, tensor.dims));
  }
}

inline void require_dtype(const char* op, const char* name, const TensorView& tensor, DType dtype = DType::float32) {
  require_tensor(op, name, tensor);
  if (tensor.dtype != dtype) refuse(op, std::string(name) + " must be " + name_of(dtype), describe(tensor));
}

inline void require_rank(const char* op, const char* name, const TensorView& tensor, int32_t rank, const char* shape,
                         DType dtype = DType::float32) {
  require_dtype(op, name, tensor, dtype);
  if (tensor.rank != rank) refuse(op, std::string(name) + " must be " + shape, describe(tensor));
}

inline bool same_shape(const TensorView& a, const TensorView& b) {
  if (a.rank != b.rank) return false;
  for (int32_t i = 0; i < a.rank; ++i) {
    if (a.dims[i] != b.dims[i]) return false;
  }
  return true;
}

// both: "x and y".
inline void require_one_shape(const char* op, const char* both, const TensorView& a, const TensorView& b) {
  if (!same_shape(a, b)) refuse(op, std::string(both) + " must have one shape", describe(a), " and ", describe(b));
}

inline void require_vector(const char* op, const char* name, const TensorView& tensor, int64_t size,
                           DType dtype = DType::float32) {
  require_dtype(op, name, tensor, dtype);
  if (tensor.rank != 1 || tensor.dims[0] != size) {
    refuse(op, std::string(name) + " must be [" + std::to_string(size) + "]", describe(tensor));
  }
}

// The one value of a tensor of shape [1], in memory that the caller can read.
inline float require_scalar(const char* op, const char* name, const TensorView& tensor) {
  require_vector(op, name, tensor, 1);
  return *static_cast<const float*>(tensor.data);
}

// Tensors [N,C] and [N,C,H,W] seen as [samples, channels, plane], the plane being 1 for [N,C].
struct Channels {
  int64_t samples, channels, plane;

  int64_t values() const { return samples * plane; }
};

inline Channels channels_of(const char* op, const char* name, const TensorView& tensor) {
  require_dtype(op, name, tensor);
  if (tensor.rank != 2 && tensor.rank != 4) {
    refuse(op, std::string(name) + " must be [N, C] or [N, C, H, W]", describe(tensor));
  }
  return {tensor.dims[0], tensor.dims[1], tensor.rank == 4 ? tensor.dims[2] * tensor.dims[3] : 1};
}

inline float* floats(TensorView& tensor) { return static_cast<float*>(tensor.data); }
inline const float* floats(const TensorView& tensor) { return static_cast<const float*>(tensor.data); }

}  // namespace RETORT_ISA
}  // namespace retort
