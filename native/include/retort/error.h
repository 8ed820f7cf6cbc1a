// The one way to refuse: "[op] what must hold: what came".
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

#include "tensor_view.h"

namespace retort {

// "float32".
const char* name_of(DType dtype);

// "[64, 784] float32".
std::string describe(const TensorView& tensor);

template <typename... Came>
[[noreturn]] void refuse(const char* op, const std::string& must, const Came&... came) {
  std::ostringstream text;
  text << '[' << op << "] " << must << ": ";
  (text << ... << came);
  throw std::invalid_argument(text.str());
}

}  // namespace retort
