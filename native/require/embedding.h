// What the ops of an embedding ask of their tensors, on every backend.
#pragma once

#include "require.h"

namespace retort {
namespace RETORT_ISA {

// table is named `what`; y, of the shape of indices and then D, is named `rows`.
inline void require_embedding(const char* op, const char* what, const TensorView& table, const TensorView& indices,
                              const char* rows, const TensorView& y) {
  require_rank(op, what, table, 2, "[V, D]");
  require_dtype(op, "indices", indices, DType::int32);
  require_dtype(op, rows, y);
  bool fits = y.rank == indices.rank + 1;
  for (int32_t i = 0; fits && i < indices.rank; ++i) fits = y.dims[i] == indices.dims[i];
  if (!fits || y.dims[y.rank - 1] != table.dims[1]) {
    refuse(op, std::string(rows) + " must have the shape of indices and then D = " + std::to_string(table.dims[1]),
           describe(y), " for ", describe(indices));
  }
}

}  // namespace RETORT_ISA
}  // namespace retort
