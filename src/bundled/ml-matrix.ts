/** Decompositions of small dense matrices. */
export { EVD, Matrix, SVD } from "ml-matrix";
