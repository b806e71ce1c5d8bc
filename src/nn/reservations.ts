/**
 * Tensors that a plan is going to have: of each its bytes and how long it lives, until all have
 * their places.
 *
 * Tensors with a border share places among themselves only, so that the border, zero at first,
 * stays zero; unless it is made zero whenever one is written.
 */
import { placeTensors, type Lifetime, type Placement } from "../runtime/arena.js";
import { hasBorder, tensorBytes, type TensorShape } from "./tensor.js";

/** A tensor to be: its number in {@link Placement}. */
export type Reserved = number;

export interface Reservations {
  /** So many bytes from one moment to another, both included. */
  bytes(count: number, from: number, to: number): Reserved;
  /** A batch of tensors. */
  tensor(shape: TensorShape, from: number, to: number): Reserved;
  /** Places for all. */
  place(): Placement;
}

export interface ReservationsOptions {
  readonly tiles: number;
  /** Whoever writes a tensor makes its border zero: it may then share its place with any other. */
  readonly clearsBorders: boolean;
}

/** No tensor yet. */
export function createReservations({ tiles, clearsBorders }: ReservationsOptions): Reservations {
  const lives: Lifetime[] = [];
  return {
    bytes: (bytes, from, to) => lives.push({ bytes, from, to }) - 1,
    tensor(shape, from, to) {
      const { channels, height, width, pad, half } = shape;
      const form =
        hasBorder(shape) && !clearsBorders
          ? {
              form: `${channels} x ${height} x ${width}, ${pad.join(" x ")}${half ? ", half" : ""}`,
            }
          : {};
      return lives.push({ bytes: tensorBytes(shape, tiles), from, to, ...form }) - 1;
    },
    place: () => placeTensors(lives),
  };
}
