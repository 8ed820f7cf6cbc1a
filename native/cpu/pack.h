// Copies that lay a matrix out for the inner loops.
#pragma once

#include <cstdint>

namespace retort {
namespace RETORT_ISA {

// to[c·to_row + r] = from[r·from_row + c] for r < rows, c < columns.
void transpose_copy(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to, int64_t to_row);

// B[rows, columns] in panels of `width` columns, one after the other: panel j holds [rows][width], B's element (r, c)
// at from[r·from_row + c·from_column]; the last panel is filled up with zeros.
void pack_panels(const float* from, int64_t from_row, int64_t from_column, int64_t rows, int64_t columns, int64_t width,
                 float* to);

}  // namespace RETORT_ISA
}  // namespace retort
