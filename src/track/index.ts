/** Entry point `bregman/track`: runs in the tools that others have, while they train. */
export type { Listener } from "./listener.js";
export { mlflow, type MlflowOptions, type MlflowRun } from "./mlflow/mlflow.js";
export { tensorBoard, type TensorBoardOptions } from "./tensorboard/tensorboard.js";
