{
  # The addon by which ranks talk to each other; scripts/build-mpi.mjs builds it with mpicc.
  "targets": [
    {
      "target_name": "bregman_mpi",
      "sources": ["addon.c"],
      "cflags": ["-O2", "-std=gnu11", "-fvisibility=hidden"],
      "xcode_settings": {"OTHER_CFLAGS": ["-std=gnu11", "-fvisibility=hidden"]},
    },
  ],
}
