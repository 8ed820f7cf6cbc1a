// The tensors of one call, named once at the top of each op: checked for memory and shape, and made known to simt,
// which then judges every access of the call's kernels by them.
#pragma once

#include "device/platform.cuh"
#include "require/require.h"
#ifndef __CUDACC__
#include <exception>

#include "memory.h"
#endif

namespace retort {
namespace RETORT_ISA {

class Operands {
 public:
  explicit Operands(const char* op) : op_(op) {
#ifndef __CUDACC__
    uncaught_ = std::uncaught_exceptions();
    simt::begin_call(op);
#endif
  }
  Operands(const Operands&) = delete;
  Operands& operator=(const Operands&) = delete;
#ifndef __CUDACC__
  // An output that nobody wrote is a Fault, when the call has not failed already.
  ~Operands() noexcept(false) { simt::end_call(std::uncaught_exceptions() == uncaught_); }
#endif

  // Null for an optional tensor that is not there.
  Operands& in(const char* name, const TensorView* tensor) { return tensor ? in(name, *tensor) : *this; }
  Operands& in(const char* name, const TensorView& tensor) {
    require_tensor(op_, name, tensor);
#ifndef __CUDACC__
    declare(name, tensor, simt::Use::in);
#endif
    return *this;
  }
  // Written whole. After the inputs, which it may be where kernels.h says so.
  Operands& out(const char* name, const TensorView* tensor) { return tensor ? out(name, *tensor) : *this; }
  Operands& out(const char* name, const TensorView& tensor) {
    require_tensor(op_, name, tensor);
#ifndef __CUDACC__
    declare(name, tensor, simt::Use::out);
#endif
    return *this;
  }
  // Changed in place, or written in part.
  Operands& in_out(const char* name, const TensorView* tensor) { return tensor ? in_out(name, *tensor) : *this; }
  Operands& in_out(const char* name, const TensorView& tensor) {
    require_tensor(op_, name, tensor);
#ifndef __CUDACC__
    declare(name, tensor, simt::Use::in_out);
#endif
    return *this;
  }
  // Memory of the backend, written before it is read.
  Operands& scratch(const void* memory, int64_t bytes) {
#ifndef __CUDACC__
    simt::declare("scratch", memory, static_cast<size_t>(bytes), 4, simt::Use::scratch);
#else
    static_cast<void>(memory), static_cast<void>(bytes);
#endif
    return *this;
  }

  // Where kernels note values that they must refuse.
  Operands& fault(const void* fault) {
#ifndef __CUDACC__
    simt::declare("fault", fault, 64, 4, simt::Use::in_out);
#else
    static_cast<void>(fault);
#endif
    return *this;
  }

 private:
#ifndef __CUDACC__
  static void declare(const char* name, const TensorView& tensor, simt::Use use) {
    const auto width = static_cast<size_t>(width_of(tensor.dtype));
    simt::declare(name, tensor.data, width * static_cast<size_t>(tensor.size()), width, use);
  }
  int uncaught_;
#endif
  const char* op_;
};

}  // namespace RETORT_ISA
}  // namespace retort
