/** The wire format of protocol buffers, which ONNX files have. */
export { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
