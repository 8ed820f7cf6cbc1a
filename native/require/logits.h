// What softmax and the losses over logits [B,C] ask of their tensors' shapes.
#pragma once

#include "require.h"

namespace retort {
namespace RETORT_ISA {

inline void require_logits(const char* op, const char* name, const TensorView& z) {
  require_rank(op, name, z, 2, "[B, C]");
}

// y of softmax or its logarithm.
inline void require_softmax_forward(const char* op, const TensorView& z, const TensorView& temperature,
                                    const char* name, const TensorView& y) {
  require_logits(op, "z", z);
  require_logits(op, name, y);
  require_one_shape(op, (std::string("z and ") + name).c_str(), z, y);
  require_vector(op, "temperature", temperature, 1);
}

inline void require_softmax_backward(const char* op, const char* name, const TensorView& y, const char* slope,
                                     const TensorView& dy, const TensorView& temperature, const TensorView& dz) {
  require_logits(op, name, y);
  require_logits(op, slope, dy);
  require_logits(op, "dz", dz);
  require_one_shape(op, (std::string(name) + " and " + slope).c_str(), y, dy);
  require_one_shape(op, (std::string(name) + " and dz").c_str(), y, dz);
  require_vector(op, "temperature", temperature, 1);
}

inline void require_softmax_kl(const char* op, const TensorView& student, const TensorView& teacher,
                               const TensorView& temperature, const TensorView& loss, const TensorView& dz) {
  require_logits(op, "student", student);
  require_logits(op, "teacher", teacher);
  require_one_shape(op, "student and teacher", student, teacher);
  require_logits(op, "dz", dz);
  require_one_shape(op, "student and dz", student, dz);
  require_vector(op, "loss", loss, 1);
  require_vector(op, "temperature", temperature, 1);
}

inline void require_cross_entropy(const char* op, const TensorView& z, const TensorView& labels, const TensorView& loss,
                                  const TensorView& dz) {
  require_logits(op, "z", z);
  require_vector(op, "labels", labels, z.dims[0], DType::int32);
  require_vector(op, "loss", loss, 1);
  require_logits(op, "dz", dz);
  require_one_shape(op, "z and dz", z, dz);
}

}  // namespace RETORT_ISA
}  // namespace retort
