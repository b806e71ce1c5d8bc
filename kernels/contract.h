/* Written by scripts/build-contract.mjs from src/runtime/all-kernels.ts and src/runtime/contract/,
 * which say what every argument means. Don't edit. */
#ifndef BREGMAN_CONTRACT_H
#define BREGMAN_CONTRACT_H

#include <stdint.h>

#define T 16
#define OP_WORDS 32
#define OP_ARGS 4
#define WHOLE_SHARES 1048576
#define AUGMENT_WORDS 7
#define SINGLE_BLOCK 4
#define HALF_PLANES_ID 1024

enum { ACTIVATION_ELU = 5, ACTIVATION_LEAKY_RELU = 1, ACTIVATION_RELU = 0, ACTIVATION_SIGMOID = 3,
      ACTIVATION_SILU = 4, ACTIVATION_TANH = 2 };
/* X(name, code) for every activation. */
#define ACTIVATIONS(X) X(elu, 5) X(leaky_relu, 1) X(relu, 0) X(sigmoid, 3) X(silu, 4) X(tanh, 2)
enum { MOVE_PLAIN = 0, MOVE_MOMENTUM = 1, MOVE_ADAM = 2, MOVE_NESTEROV = 3 };
enum { FOLLOW_NONE = 0, FOLLOW_L1 = 1, FOLLOW_NON_NEGATIVE = 2, FOLLOW_ROW_GROUP = 3,
      FOLLOW_SPARSE_ROW_GROUP = 4, FOLLOW_KERNEL_GROUP = 5, FOLLOW_SPARSE_KERNEL_GROUP = 6 };
enum { PENALTY_NONE = 0, PENALTY_L1 = 1, PENALTY_ROW_GROUP = 2 };

struct hyper {
  float tau, delta, threshold, group_threshold, beta1, beta2, eps, correction1, correction2,
      penalty, gain1, gain2;
};
_Static_assert(sizeof(struct hyper) == 4 * 12, "hyper");

struct image_args {
  int32_t at, plane, row;
};
_Static_assert(sizeof(struct image_args) == 4 * 3, "image_args");

struct window {
  int32_t height, width, down, across, top, left;
};
_Static_assert(sizeof(struct window) == 4 * 6, "window");

struct tensor_args {
  int32_t at, tile, plane, row;
};
_Static_assert(sizeof(struct tensor_args) == 4 * 4, "tensor_args");

struct positions {
  int32_t at, tile, plane, row, col;
};
_Static_assert(sizeof(struct positions) == 4 * 5, "positions");

struct kernel_shape {
  int32_t plane_size, row_size, height, width;
};
_Static_assert(sizeof(struct kernel_shape) == 4 * 4, "kernel_shape");

struct comparison {
  int32_t output, target, indices, grad, partial, counts, features;
};
_Static_assert(sizeof(struct comparison) == 4 * 7, "comparison");

struct places {
  int32_t entries, used, entry_stride, group, theta;
  struct kernel_shape kernel;
};
_Static_assert(sizeof(struct places) == 4 * 9, "places");

struct single_conv_args {
  int32_t starts, offsets, weights, block, x;
  struct image_args y, residual;
  int32_t bias, mask, channels, span, relu;
};
_Static_assert(sizeof(struct single_conv_args) == 4 * 16, "single_conv_args");

struct single_sparse_args {
  int32_t starts, offsets, weights, bias, x, y, relu;
};
_Static_assert(sizeof(struct single_sparse_args) == 4 * 7, "single_sparse_args");

struct single_dense_args {
  int32_t w, stride, bias, x, y, cols, relu;
};
_Static_assert(sizeof(struct single_dense_args) == 4 * 7, "single_dense_args");

struct single_copy_args {
  struct image_args x, y;
  int32_t height, width, down, across, tight;
};
_Static_assert(sizeof(struct single_copy_args) == 4 * 11, "single_copy_args");

struct single_affine_args {
  struct image_args x, y, residual;
  int32_t factor, shift, mask, span, relu;
};
_Static_assert(sizeof(struct single_affine_args) == 4 * 14, "single_affine_args");

struct single_activation_args {
  struct image_args x, y;
  int32_t mask, span, kind, slope;
};
_Static_assert(sizeof(struct single_activation_args) == 4 * 10, "single_activation_args");

struct single_max_pool_args {
  struct image_args x, y;
  int32_t height, width, in_height, in_width;
  struct window window;
  int32_t relu;
};
_Static_assert(sizeof(struct single_max_pool_args) == 4 * 17, "single_max_pool_args");

struct single_avg_pool_args {
  struct image_args x, y;
  int32_t height, width;
  struct window window;
};
_Static_assert(sizeof(struct single_avg_pool_args) == 4 * 14, "single_avg_pool_args");

struct gather_u8_args {
  int32_t data, indices, affine, out, rows_out, features, channel_size, row_stride;
};
_Static_assert(sizeof(struct gather_u8_args) == 4 * 8, "gather_u8_args");

struct gather_f32_args {
  int32_t data, indices, out, rows_out, features, row_stride;
};
_Static_assert(sizeof(struct gather_f32_args) == 4 * 6, "gather_f32_args");

struct gather_images_u8_args {
  int32_t data, indices, affine, augment;
  struct tensor_args out;
  int32_t tiles, channels, height, width;
};
_Static_assert(sizeof(struct gather_images_u8_args) == 4 * 12, "gather_images_u8_args");

struct tiles_to_rows_args {
  int32_t x, out, features, row_stride;
};
_Static_assert(sizeof(struct tiles_to_rows_args) == 4 * 4, "tiles_to_rows_args");

struct dense_forward_args {
  int32_t w, bias, x, y, tiles, rows, cols, epilogue;
};
_Static_assert(sizeof(struct dense_forward_args) == 4 * 8, "dense_forward_args");

struct sparse_forward_args {
  int32_t entries, counts, bias, x, y, mask, tiles, rows, cols, entry_stride, epilogue;
};
_Static_assert(sizeof(struct sparse_forward_args) == 4 * 11, "sparse_forward_args");

struct dense_input_grad_args {
  int32_t w, dy, dx, mask, tiles, rows, cols;
};
_Static_assert(sizeof(struct dense_input_grad_args) == 4 * 7, "dense_input_grad_args");

struct dense_weight_grad_args {
  int32_t dy, x_rows, g, columns, tiles, rows, cols, row_stride;
};
_Static_assert(sizeof(struct dense_weight_grad_args) == 4 * 8, "dense_weight_grad_args");

struct sparse_weight_grad_args {
  int32_t entries, counts, dy, x, g, tiles, rows, cols;
};
_Static_assert(sizeof(struct sparse_weight_grad_args) == 4 * 8, "sparse_weight_grad_args");

struct bias_grad_args {
  int32_t dy, g, tiles, rows;
};
_Static_assert(sizeof(struct bias_grad_args) == 4 * 4, "bias_grad_args");

struct find_columns_args {
  int32_t x, columns, tiles, cols;
};
_Static_assert(sizeof(struct find_columns_args) == 4 * 4, "find_columns_args");

struct pack_columns_args {
  int32_t x_rows, columns, cols, row_stride;
};
_Static_assert(sizeof(struct pack_columns_args) == 4 * 4, "pack_columns_args");

struct conv_pack_args {
  int32_t w, row_stride, inner_stride, packed, taps, tap_count, rows, inner;
};
_Static_assert(sizeof(struct conv_pack_args) == 4 * 8, "conv_pack_args");

struct conv_dense_args {
  int32_t w, row_stride, inner_stride, packed, bias;
  struct positions x, y;
  int32_t taps, tap_count, tiles, rows, inner, height, width, accumulate;
};
_Static_assert(sizeof(struct conv_dense_args) == 4 * 23, "conv_dense_args");

struct conv_sparse_args {
  int32_t entries, counts, entry_stride, bias;
  struct positions x, y;
  int32_t tiles, rows, height, width, accumulate;
};
_Static_assert(sizeof(struct conv_sparse_args) == 4 * 19, "conv_sparse_args");

struct conv_pairs_args {
  int32_t entries, counts, entry_stride, bias;
  struct positions x, y;
  int32_t taps, tap_count, tiles, rows, height, width, accumulate;
};
_Static_assert(sizeof(struct conv_pairs_args) == 4 * 21, "conv_pairs_args");

struct conv_dense_weight_grad_args {
  struct tensor_args dy;
  struct positions x;
  int32_t g, taps, tap_count, tiles, rows, inner, height, width;
};
_Static_assert(sizeof(struct conv_dense_weight_grad_args) == 4 * 17, "conv_dense_weight_grad_args");

struct conv_sparse_weight_grad_args {
  int32_t entries, counts, entry_stride;
  struct tensor_args dy;
  struct positions x;
  int32_t g, tiles, rows, cols, height, width;
  struct kernel_shape kernel;
};
_Static_assert(sizeof(struct conv_sparse_weight_grad_args) == 4 * 22, "conv_sparse_weight_grad_args");

struct conv_pairs_weight_grad_args {
  int32_t entries, counts, entry_stride;
  struct tensor_args dy;
  struct positions x;
  int32_t g, taps, tap_count, tiles, rows, inner, height, width;
};
_Static_assert(sizeof(struct conv_pairs_weight_grad_args) == 4 * 20, "conv_pairs_weight_grad_args");

struct conv_bias_grad_args {
  struct tensor_args dy;
  int32_t g, tiles, rows, height, width;
};
_Static_assert(sizeof(struct conv_bias_grad_args) == 4 * 9, "conv_bias_grad_args");

struct plane_moments_args {
  struct tensor_args x;
  int32_t moments, counts, tiles, channels, height, width;
};
_Static_assert(sizeof(struct plane_moments_args) == 4 * 10, "plane_moments_args");

struct batch_norm_stats_args {
  int32_t moments, stats, running, settings, counts, tiles, channels, positions;
};
_Static_assert(sizeof(struct batch_norm_stats_args) == 4 * 8, "batch_norm_stats_args");

struct batch_norm_fold_args {
  int32_t running, stats, settings, channels;
};
_Static_assert(sizeof(struct batch_norm_fold_args) == 4 * 4, "batch_norm_fold_args");

struct batch_norm_apply_args {
  struct tensor_args x;
  int32_t stats, gamma, beta;
  struct tensor_args residual, y;
  int32_t tiles, channels, height, width, epilogue, signs;
};
_Static_assert(sizeof(struct batch_norm_apply_args) == 4 * 21, "batch_norm_apply_args");

struct batch_norm_grad_reduce_args {
  struct tensor_args dy;
  int32_t signs;
  struct tensor_args x;
  int32_t stats, sums, counts, tiles, channels, height, width;
};
_Static_assert(sizeof(struct batch_norm_grad_reduce_args) == 4 * 16, "batch_norm_grad_reduce_args");

struct batch_norm_grad_sum_args {
  int32_t sums, stats, dgamma, dbeta, tiles, channels;
};
_Static_assert(sizeof(struct batch_norm_grad_sum_args) == 4 * 6, "batch_norm_grad_sum_args");

struct batch_norm_grad_apply_args {
  struct tensor_args dy, x;
  int32_t stats, gamma, dgamma, dbeta;
  struct tensor_args dx;
  int32_t counts, tiles, channels, height, width;
};
_Static_assert(sizeof(struct batch_norm_grad_apply_args) == 4 * 21, "batch_norm_grad_apply_args");

struct max_pool_args {
  struct tensor_args x, y;
  int32_t channels, height, width, in_height, in_width;
  struct window window;
  int32_t relu;
};
_Static_assert(sizeof(struct max_pool_args) == 4 * 20, "max_pool_args");

struct max_pool_grad_args {
  struct tensor_args x, y, dy, dx;
  int32_t channels, height, width, in_height, in_width;
  struct window window;
  int32_t how;
};
_Static_assert(sizeof(struct max_pool_grad_args) == 4 * 28, "max_pool_grad_args");

struct avg_pool_args {
  struct tensor_args x, y;
  int32_t channels, height, width, in_height, in_width;
  struct window window;
};
_Static_assert(sizeof(struct avg_pool_args) == 4 * 19, "avg_pool_args");

struct avg_pool_grad_args {
  struct tensor_args dy, dx;
  int32_t channels, height, width, in_height, in_width;
  struct window window;
  int32_t accumulate;
};
_Static_assert(sizeof(struct avg_pool_grad_args) == 4 * 20, "avg_pool_grad_args");

struct copy_planes_args {
  struct tensor_args x, y;
  int32_t tiles, channels, height, width, accumulate;
};
_Static_assert(sizeof(struct copy_planes_args) == 4 * 13, "copy_planes_args");

struct convert_planes_args {
  struct tensor_args x, y;
  int32_t tiles, channels, height, width, accumulate, to_half;
};
_Static_assert(sizeof(struct convert_planes_args) == 4 * 14, "convert_planes_args");

struct activation_args {
  struct tensor_args x, y;
  int32_t kind, slope, tiles, channels, height, width;
};
_Static_assert(sizeof(struct activation_args) == 4 * 14, "activation_args");

struct activation_grad_args {
  struct tensor_args y, dy, dx;
  int32_t kind, slope, tiles, channels, height, width, accumulate;
};
_Static_assert(sizeof(struct activation_grad_args) == 4 * 19, "activation_grad_args");

struct dropout_args {
  struct tensor_args x, y;
  int32_t settings, scale, tiles, channels, height, width, accumulate;
};
_Static_assert(sizeof(struct dropout_args) == 4 * 15, "dropout_args");

struct add_scaled_args {
  struct tensor_args x, y;
  int32_t scalars, index, tiles, channels, height, width;
};
_Static_assert(sizeof(struct add_scaled_args) == 4 * 14, "add_scaled_args");

struct dot_planes_args {
  struct tensor_args a, b;
  int32_t partial, tiles, channels, height, width;
};
_Static_assert(sizeof(struct dot_planes_args) == 4 * 13, "dot_planes_args");

struct sum_partial_args {
  int32_t partial, length, g, index;
};
_Static_assert(sizeof(struct sum_partial_args) == 4 * 4, "sum_partial_args");

struct cross_entropy_args {
  int32_t logits, labels, indices, grad, partial, counts, classes, smoothing, weights;
};
_Static_assert(sizeof(struct cross_entropy_args) == 4 * 9, "cross_entropy_args");

struct mean_squared_error_args {
  struct comparison of;
};
_Static_assert(sizeof(struct mean_squared_error_args) == 4 * 7, "mean_squared_error_args");

struct absolute_error_args {
  struct comparison of;
  int32_t delta;
};
_Static_assert(sizeof(struct absolute_error_args) == 4 * 8, "absolute_error_args");

struct binary_cross_entropy_args {
  struct comparison of;
};
_Static_assert(sizeof(struct binary_cross_entropy_args) == 4 * 7, "binary_cross_entropy_args");

struct gradient_norms_args {
  int32_t g, norms, rows, cols;
  struct places pattern;
};
_Static_assert(sizeof(struct gradient_norms_args) == 4 * 13, "gradient_norms_args");

struct clip_gradient_args {
  int32_t g, bounds, rows, cols;
};
_Static_assert(sizeof(struct clip_gradient_args) == 4 * 4, "clip_gradient_args");

struct sum_gradient_args {
  int32_t g, sum, share, first, rows, cols;
};
_Static_assert(sizeof(struct sum_gradient_args) == 4 * 6, "sum_gradient_args");

struct decay_gradient_args {
  int32_t g, factor, rows, cols;
  struct places pattern;
};
_Static_assert(sizeof(struct decay_gradient_args) == 4 * 13, "decay_gradient_args");

struct sample_norms_args {
  int32_t dy, x, norms, rows, cols;
};
_Static_assert(sizeof(struct sample_norms_args) == 4 * 5, "sample_norms_args");

struct draw_samples_args {
  int32_t norms, settings, tolerance, drawn, factors, samples;
};
_Static_assert(sizeof(struct draw_samples_args) == 4 * 6, "draw_samples_args");

struct gather_samples_args {
  int32_t drawn, factors, dy, x, x_rows, dy_out, x_out, rows, cols, row_stride;
};
_Static_assert(sizeof(struct gather_samples_args) == 4 * 10, "gather_samples_args");

struct sampled_weight_grad_args {
  int32_t drawn, dy, x_rows, g, rows, cols, row_stride;
};
_Static_assert(sizeof(struct sampled_weight_grad_args) == 4 * 7, "sampled_weight_grad_args");

struct gather_planes_args {
  int32_t drawn, factors, x, out, vectors;
};
_Static_assert(sizeof(struct gather_planes_args) == 4 * 5, "gather_planes_args");

struct conv_sampled_weight_grad_args {
  int32_t drawn;
  struct tensor_args dy;
  struct positions x;
  int32_t g, taps, tap_count, rows, inner, height, width;
};
_Static_assert(sizeof(struct conv_sampled_weight_grad_args) == 4 * 17, "conv_sampled_weight_grad_args");

struct update_args {
  int32_t v, g, m1, m2, hyper, theta, entries, counts, changed, rows, cols, move, follow,
      write_back, penalty, columns, group;
};
_Static_assert(sizeof(struct update_args) == 4 * 17, "update_args");

struct update_pattern_args {
  int32_t v, g, m1, m2, hyper, theta, entries, used, counts, changed, entry_stride, rows, cols,
      move, follow, group, pairs;
  struct kernel_shape kernel;
};
_Static_assert(sizeof(struct update_pattern_args) == 4 * 21, "update_pattern_args");

struct compress_args {
  int32_t theta, entries, counts, changed, rows, cols, columns;
};
_Static_assert(sizeof(struct compress_args) == 4 * 7, "compress_args");

struct expand_args {
  int32_t entries, counts, theta, rows, cols, columns;
};
_Static_assert(sizeof(struct expand_args) == 4 * 6, "expand_args");

struct transpose_args {
  int32_t entries, counts, changed, t_entries, t_counts, source, rows, cols, force;
};
_Static_assert(sizeof(struct transpose_args) == 4 * 9, "transpose_args");

struct compress_pairs_args {
  int32_t theta, entries, pair_counts, counts, changed, rows, inner, taps, plane_bytes;
};
_Static_assert(sizeof(struct compress_pairs_args) == 4 * 9, "compress_pairs_args");

struct transpose_pairs_args {
  int32_t entries, pair_counts, changed, t_entries, t_counts, rows, inner, plane_bytes, row_bytes,
      force;
};
_Static_assert(sizeof(struct transpose_pairs_args) == 4 * 10, "transpose_pairs_args");

struct transpose_conv_args {
  int32_t entries, counts, changed, t_entries, t_counts, source, rows, cols, inner, phases,
      entry_stride, tap_table, row_bytes;
  struct kernel_shape kernel;
  int32_t force;
};
_Static_assert(sizeof(struct transpose_conv_args) == 4 * 18, "transpose_conv_args");

/* X(id, name) for the kernels of one sample, and for all others. */
#define SINGLE_TABLE(X) \
  X(0, single_conv) \
  X(1, single_sparse) \
  X(2, single_dense) \
  X(3, single_copy) \
  X(4, single_affine) \
  X(5, single_activation) \
  X(6, single_max_pool) \
  X(7, single_avg_pool)
#define OTHER_TABLE(X) \
  X(8, gather_u8) \
  X(9, gather_f32) \
  X(10, gather_images_u8) \
  X(11, tiles_to_rows) \
  X(12, dense_forward) \
  X(13, sparse_forward) \
  X(14, dense_input_grad) \
  X(15, dense_weight_grad) \
  X(16, sparse_weight_grad) \
  X(17, bias_grad) \
  X(18, find_columns) \
  X(19, pack_columns) \
  X(20, conv_pack) \
  X(21, conv_dense) \
  X(22, conv_sparse) \
  X(23, conv_pairs) \
  X(24, conv_dense_weight_grad) \
  X(25, conv_sparse_weight_grad) \
  X(26, conv_pairs_weight_grad) \
  X(27, conv_bias_grad) \
  X(28, plane_moments) \
  X(29, batch_norm_stats) \
  X(30, batch_norm_fold) \
  X(31, batch_norm_apply) \
  X(32, batch_norm_grad_reduce) \
  X(33, batch_norm_grad_sum) \
  X(34, batch_norm_grad_apply) \
  X(35, max_pool) \
  X(36, max_pool_grad) \
  X(37, avg_pool) \
  X(38, avg_pool_grad) \
  X(39, copy_planes) \
  X(40, convert_planes) \
  X(41, activation) \
  X(42, activation_grad) \
  X(43, dropout) \
  X(44, add_scaled) \
  X(45, dot_planes) \
  X(46, sum_partial) \
  X(47, cross_entropy) \
  X(48, mean_squared_error) \
  X(49, absolute_error) \
  X(50, binary_cross_entropy) \
  X(51, gradient_norms) \
  X(52, clip_gradient) \
  X(53, sum_gradient) \
  X(54, decay_gradient) \
  X(55, sample_norms) \
  X(56, draw_samples) \
  X(57, gather_samples) \
  X(58, sampled_weight_grad) \
  X(59, gather_planes) \
  X(60, conv_sampled_weight_grad) \
  X(61, update) \
  X(62, update_pattern) \
  X(63, compress) \
  X(64, expand) \
  X(65, transpose) \
  X(66, compress_pairs) \
  X(67, transpose_pairs) \
  X(68, transpose_conv)
/* Those that are there for planes of bf16 too. */
#define PLANES_TABLE(X) \
  X(10, gather_images_u8) \
  X(20, conv_pack) \
  X(21, conv_dense) \
  X(22, conv_sparse) \
  X(23, conv_pairs) \
  X(24, conv_dense_weight_grad) \
  X(25, conv_sparse_weight_grad) \
  X(26, conv_pairs_weight_grad) \
  X(27, conv_bias_grad) \
  X(28, plane_moments) \
  X(31, batch_norm_apply) \
  X(32, batch_norm_grad_reduce) \
  X(34, batch_norm_grad_apply) \
  X(35, max_pool) \
  X(36, max_pool_grad) \
  X(37, avg_pool) \
  X(38, avg_pool_grad) \
  X(39, copy_planes) \
  X(41, activation) \
  X(42, activation_grad) \
  X(43, dropout) \
  X(44, add_scaled) \
  X(45, dot_planes) \
  X(55, sample_norms) \
  X(59, gather_planes) \
  X(60, conv_sampled_weight_grad)
/* Those of them that are sums of products of two planes. */
#define PRODUCTS_TABLE(X) \
  X(24, conv_dense_weight_grad) \
  X(25, conv_sparse_weight_grad) \
  X(26, conv_pairs_weight_grad) \
  X(60, conv_sampled_weight_grad)

#endif
