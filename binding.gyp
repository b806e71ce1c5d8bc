{
  # The native addon. kernels.c is compiled twice for each instruction set, for planes of float32 and of bf16, each
  # time into a library of its own so that it has its own flags; addon.c picks at run time. dot.c has
  # what AMD's CPUs with AVX512-BF16 do faster. -ffast-math stays off: a NaN in a loss must stay a NaN.
  "target_defaults": {
    "defines": ["NDEBUG"],
    "cflags": ["-O3", "-std=gnu11", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi", "-fvisibility=hidden"],
    "xcode_settings": {
      "GCC_OPTIMIZATION_LEVEL": "3",
      "OTHER_CFLAGS": ["-std=gnu11", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi", "-fvisibility=hidden"],
    },
  },
  "targets": [
    {
      "target_name": "kernels_base",
      "type": "static_library",
      "sources": ["kernels/kernels.c"],
      "defines": ["VARIANT=_base"],
    },
    {
      "target_name": "half_base",
      "type": "static_library",
      "sources": ["kernels/kernels.c"],
      "defines": ["VARIANT=_base", "HALF_PLANES"],
    },
    {
      "target_name": "bregman_native",
      "sources": ["kernels/addon.c"],
      "dependencies": ["kernels_base", "half_base"],
      "conditions": [["target_arch=='x64'", {"dependencies": ["kernels_avx2", "half_avx2", "kernels_avx512", "half_avx512", "dot_avx512"]}]],
    },
  ],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {
          "target_name": "kernels_avx2",
          "type": "static_library",
          "sources": ["kernels/kernels.c"],
          "defines": ["VARIANT=_avx2"],
          "cflags": ["-mavx2", "-mfma"],
          "xcode_settings": {"OTHER_CFLAGS": ["-mavx2", "-mfma"]},
        },
        {
          "target_name": "half_avx2",
          "type": "static_library",
          "sources": ["kernels/kernels.c"],
          "defines": ["VARIANT=_avx2", "HALF_PLANES"],
          "cflags": ["-mavx2", "-mfma"],
          "xcode_settings": {"OTHER_CFLAGS": ["-mavx2", "-mfma"]},
        },
        {
          "target_name": "kernels_avx512",
          "type": "static_library",
          "sources": ["kernels/kernels.c"],
          "defines": ["VARIANT=_avx512"],
          "cflags": ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma", "-mprefer-vector-width=512"],
          "xcode_settings": {"OTHER_CFLAGS": ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma", "-mprefer-vector-width=512"]},
        },
        {
          "target_name": "half_avx512",
          "type": "static_library",
          "sources": ["kernels/kernels.c"],
          "defines": ["VARIANT=_avx512", "HALF_PLANES"],
          "cflags": ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma", "-mprefer-vector-width=512"],
          "xcode_settings": {"OTHER_CFLAGS": ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma", "-mprefer-vector-width=512"]},
        },
        {
          "target_name": "dot_avx512",
          "type": "static_library",
          "sources": ["kernels/dot.c"],
          "cflags": ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma", "-mprefer-vector-width=512"],
          "xcode_settings": {"OTHER_CFLAGS": ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma", "-mprefer-vector-width=512"]},
        },
      ],
    }],
  ],
}
