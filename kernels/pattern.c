/* Patterns: from dense theta and back, and the transpose that input gradients gather over. */
#include "kernels.h"
#include "row_pattern.h"

KERNEL(compress) {
  const struct compress_args *a = (const void *)args;
  const float *theta = at(memory, a->theta);
  struct entry *entries = at(memory, a->entries);
  int32_t *counts = at(memory, a->counts), *changed = at(memory, a->changed);
  const uint32_t *columns = at_or_null(memory, a->columns);
  for (int r = begin; r < end; r++) {
    const float *row = theta + (size_t)r * a->cols;
    struct row_pattern pattern = {0, 0};
    struct entry *out = entries + (size_t)r * a->cols;
    int c = 0;
    for (; c + BLOCK <= a->cols; c += BLOCK)
      add_to_pattern(&pattern, out, columns, c, row + c, BLOCK);
    if (c < a->cols) add_to_pattern(&pattern, out, columns, c, row + c, a->cols - c);
    changed[r] = pattern.moved || pattern.count != counts[r];
    counts[r] = pattern.count;
  }
}

KERNEL(expand) {
  const struct expand_args *a = (const void *)args;
  const struct entry *entries = at(memory, a->entries);
  const int32_t *counts = at(memory, a->counts);
  const uint32_t *columns = at_or_null(memory, a->columns);
  float *theta = at(memory, a->theta);
  for (int r = begin; r < end; r++) {
    float *row = theta + (size_t)r * a->cols;
    int c = 0;
    for (int k = 0; k < a->cols; k++) row[k] = 0;
    for (int k = 0; k < counts[r]; k++) {
      const struct entry e = entries[(size_t)r * a->cols + k];
      if (!columns) c = e.offset / (T * 4);
      else while (columns[c] != e.offset) c++; /* both ascend */
      row[c] = e.value;
    }
  }
}

/* First of the row's entries whose offset is at least `offset`. */
static int lower_bound(const struct entry *row, int count, uint32_t offset) {
  int low = 0;
  while (low < count) {
    int middle = (low + count) / 2;
    if (row[middle].offset < offset) low = middle + 1;
    else count = middle;
  }
  return low;
}

KERNEL(transpose) {
  const struct transpose_args *a = (const void *)args;
  const struct entry *entries = at(memory, a->entries);
  const int32_t *counts = at(memory, a->counts), *changed = at(memory, a->changed);
  struct entry *t_entries = at(memory, a->t_entries);
  int32_t *t_counts = at(memory, a->t_counts), *source = at(memory, a->source);
  int rebuild = *(const int32_t *)at(memory, a->force);
  for (int r = 0; r < a->rows; r++) rebuild |= changed[r];

  if (!rebuild) {
    for (int c = begin; c < end; c++)
      for (size_t k = (size_t)c * a->rows, last = k + t_counts[c]; k < last; k++)
        t_entries[k].value = entries[source[k]].value;
    return;
  }
  for (int c = begin; c < end; c++) t_counts[c] = 0;
  for (int r = 0; r < a->rows; r++) {
    const struct entry *row = entries + (size_t)r * a->cols;
    for (int k = lower_bound(row, counts[r], (uint32_t)begin * (T * 4)); k < counts[r]; k++) {
      const int c = row[k].offset / (T * 4);
      if (c >= end) break;
      size_t place = (size_t)c * a->rows + t_counts[c]++;
      t_entries[place] = (struct entry){(uint32_t)r * (T * 4), row[k].value};
      source[place] = r * a->cols + k;
    }
  }
}
