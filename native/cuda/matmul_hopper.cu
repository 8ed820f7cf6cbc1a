#include "matmul.h"

namespace retort {
namespace RETORT_ISA {

bool multiply_on_hopper(const Product&) { return false; }

}  // namespace RETORT_ISA
}  // namespace retort
