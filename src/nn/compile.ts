/**
 * From a model's layout to ops: the plan for one batch size.
 *
 * schedule.ts says when each step runs, places.ts where its tensors are.
 *
 * The ops depend on which kernel each parameter uses at the moment (dense or sparse), the places do
 * not: `lower` is called again when a parameter has changed sides.
 */
import { InputError } from "../errors.js";
import { TILE, type Op } from "../runtime/kernel-table.js";
import { needsPatternOnly } from "../runtime/parameter.js";
import { borderOps, copyOp } from "./layers/join.js";
import { paddedRow, size, type Destination, type Lowering } from "./layers/layer.js";
import { ruleOf } from "./layers/rules.js";
import type { Layout } from "./layout.js";
import { lossOps } from "./loss.js";
import { joinTiles, scheduleOf } from "./schedule.js";
import type { CompileOptions, Lowered, Plan, Stage } from "./plan.js";
import { placesOf } from "./places.js";
import { createPlanData } from "./plan-data.js";
import { NOTHING_AGAIN, recomputationOf } from "./recompute.js";
import { gatherOps } from "./samples.js";
import type { PlacedTensor } from "./tensor.js";

/** What runs forward: an evaluation, a training step, or one without anything random. */
type Pass = "evaluation" | "forward" | "statistics";

/**
 * Compiles a model for one batch size.
 *
 * @throws InputError if the samples do not have the model's input shape, or the loss does not fit
 *   its output
 */
export function compile(layout: Layout, options: CompileOptions): Plan {
  const { model, steps, values } = layout;
  const {
    memory,
    batchSize,
    loss,
    purpose,
    samples,
    parameters,
    buffers,
    augment = false,
    keepGradients = false,
    settings: { sampleDual, labelSmoothing, recompute = false } = {},
  } = options;
  if (samples.features !== size(model.input)) {
    throw new InputError(
      `the data has ${samples.features} features a sample, the model's input is [${model.input.join(", ")}]`,
    );
  }
  const training = purpose === "train";
  const tiles = Math.ceil(batchSize / TILE);
  const outputValue = model.nodes.length - 1;
  const schedule = scheduleOf(layout);
  const { planesOf, joinedForward, joinedBackward, sameGradient } = schedule;
  const recomputation = training && recompute ? recomputationOf(layout, schedule) : NOTHING_AGAIN;
  const places = placesOf(layout, schedule, {
    tiles,
    training,
    loss,
    samples,
    keepGradients,
    sampled: sampleDual !== undefined,
    clearsBorders: recompute,
    recomputation,
  });
  const arena = memory.allocate(places.bytes);
  const place = (offset: number | undefined) => (offset === undefined ? 0 : arena + offset);
  const valueAt = (value: number): PlacedTensor => ({
    ...values.get(value)!.shape,
    offset: arena + places.values.get(value)!,
  });
  /** In the backward pass. */
  const laterAt = (value: number): PlacedTensor => ({
    ...valueAt(value),
    offset: arena + (places.again.get(value) ?? places.values.get(value)!),
  });
  const gradientAt = (value: number): PlacedTensor => ({
    ...values.get(value)!.gradient,
    offset: place(places.gradients.get(value)),
  });
  const rowStride = paddedRow(size(model.input));
  const inputImage = { ...values.get(-1)!.shape, pad: 0 };

  const tolerance = sampleDual === undefined ? 0 : memory.put(Float32Array.of(sampleDual));
  const data = createPlanData(memory, {
    tiles,
    augment,
    output: valueAt(outputValue).offset,
    outputFeatures: size(model.output),
  });
  const bound = steps.map(({ node }) => {
    const { name, parameters: specs, buffers: bufferSpecs } = model.nodes[node];
    return {
      parameters: specs.map((spec) => parameters.get(`${name}.${spec.name}`)!),
      buffers: bufferSpecs.map((spec) => buffers.get(`${name}.${spec.name}`)!),
    };
  });

  const lowering = (s: number, pass: Pass | "backward", frozen = false): Lowering => {
    const learns = pass !== "evaluation";
    const at = pass === "backward" ? laterAt : valueAt;
    const { inputs, output, relu, residual, reluGradient, mask } = steps[s];
    const own = places.steps[s];
    const destination = (value: number, k: number): Destination | undefined => {
      if (!training || !places.gradients.has(value)) return undefined;
      const detour = own.detours[k];
      if (detour === undefined) return { tensor: gradientAt(value), accumulate: own.accumulate[k] };
      return {
        tensor: { ...values.get(value)!.gradient, offset: place(detour) },
        accumulate: false,
      };
    };
    const toResidual =
      residual === undefined || sameGradient.get(residual) === output
        ? undefined
        : destination(residual, inputs.length);
    return {
      tiles,
      training: learns,
      random: learns && pass !== "statistics",
      frozen,
      ...(own.sampleScratch === undefined
        ? {}
        : { sampled: { tolerance, scratch: place(own.sampleScratch) } }),
      counts: data.counts,
      ...bound[s],
      xs: inputs.map(at),
      y: at(output),
      relu,
      reluGradient,
      mask,
      ...(residual === undefined ? {} : { residual: at(residual) }),
      kept: learns ? place(own.kept) : 0,
      dy: training ? gradientAt(output) : valueAt(output),
      dxs: inputs.map(destination),
      ...(toResidual ? { dResidual: toResidual } : {}),
      xRows: s === 0 ? place(places.inputRows) : 0,
      scratch: place(own.scratch),
      gradients: own.gradients.map(place),
      constant: (key, make) => data.constant(`${s} ${key}`, make),
      workspace: (key, words) => data.constant(`${s} ${key}`, () => new Float32Array(words)),
      stepSeed: (threshold) => data.stepSeed(s, threshold),
    };
  };
  /** Behind what writes a tensor, where it shares its place with those of another border. */
  const clear = (tensor: PlacedTensor): Op[] =>
    recompute ? borderOps(tensor, tiles, data.constant) : [];
  /**
   * Whether the first layer, a linear one, computes the gradient of every weight, for which it
   * wants the input as rows too.
   */
  const readsRows = (frozen: boolean) =>
    places.inputRows !== undefined && !needsPatternOnly(bound[0].parameters[0], frozen);
  /** To the loss; unless it evaluates, as the backward pass needs it. */
  const lowerForward = (pass: Pass, frozen = false): Pick<Lowered, "forward" | "loss"> => {
    const learns = pass !== "evaluation";
    const input = valueAt(-1);
    const gathered =
      places.inputCopy === undefined ? input : { ...inputImage, offset: place(places.inputCopy) };
    const forward: Stage[] = [
      {
        name: "input",
        ops: [
          ...gatherOps(samples, {
            tiles,
            indices: data.indices,
            augment: learns ? data.augment : 0,
            out: gathered,
            image: model.input.length === 3,
            rowsOut: learns && readsRows(frozen) ? place(places.inputRows) : 0,
            rowStride,
          }),
          ...(places.inputCopy === undefined ? [] : [copyOp(gathered, input, tiles, false)]),
          ...clear(input),
        ],
        gradients: [],
        output: input,
      },
    ];
    steps.forEach(({ node }, s) => {
      const { name, layer } = model.nodes[node];
      const at = lowering(s, pass);
      const follows =
        joinedForward(s) || (planesOf(s) === "normalises" && planesOf(s - 1) === "sums");
      const ops = joinTiles([...ruleOf(layer).forward(layer, at), ...clear(at.y)], tiles, follows);
      forward.push({ name, ops, gradients: [], output: at.y });
    });
    const outputGradient = learns ? gradientAt(outputValue) : undefined;
    const flatGradient = learns ? place(places.lossGradient) || outputGradient!.offset : 0;
    const { indices, counts, partial } = data;
    const lossStage: Stage = {
      name: "loss",
      ops: [
        ...lossOps(loss, samples, {
          tiles,
          indices,
          counts,
          partial,
          target: place(places.target),
          output: valueAt(outputValue).offset,
          features: size(model.output),
          gradient: flatGradient,
          smoothing:
            learns && labelSmoothing
              ? data.constant("smoothing", () => Float32Array.of(labelSmoothing))
              : 0,
        }),
        ...(learns && places.lossGradient !== undefined
          ? [
              copyOp(
                { ...outputGradient!, pad: 0, offset: flatGradient },
                outputGradient!,
                tiles,
                false,
              ),
            ]
          : []),
        ...(outputGradient ? clear(outputGradient) : []),
      ],
      gradients: [],
    };
    return { forward, loss: lossStage };
  };
  const lower = (frozen = false): Lowered => {
    const backward: Stage[] = [];
    const ready = new Set<number>();
    /** What a step reads is there: it need not wait until it is computed again. */
    const isKept = (s: number) => !recomputation.before.has(s);
    /** What follows at once where the gradient of a step's output is complete. */
    const onGradient = (first: number): Op[] => {
      const ops: Op[] = [];
      for (let s = first; !ready.has(s);) {
        ready.add(s);
        const { node, output, residual } = steps[s];
        const { layer } = model.nodes[node];
        for (const one of ruleOf(layer).onGradient?.(layer, lowering(s, "backward", frozen)) ?? [])
          ops.push(one);
        // That of the residual may be the same tensor; a ReLU there has to wait until this step has
        // read it.
        const shared = residual !== undefined && sameGradient.get(residual) === output;
        const writer = shared ? values.get(residual)!.writer! : -1;
        if (schedule.completes(s).includes(writer) && !steps[writer].reluGradient && isKept(writer))
          s = writer;
      }
      return ops;
    };
    /** The forward pass of a step once more. */
    const again = (s: number): Op[] => {
      const { layer } = model.nodes[steps[s].node];
      const at = lowering(s, "backward");
      return [...ruleOf(layer).recompute!(layer, at), ...clear(at.y)];
    };
    let held: Stage["gradients"] = [];
    for (let s = steps.length - 1; training && s >= 0; s--) {
      const { node, inputs, output } = steps[s];
      const { name, layer } = model.nodes[node];
      if (!values.get(output)!.needsGradient) continue;
      const rule = ruleOf(layer);
      const at = lowering(s, "backward", frozen);
      const additions = inputs.flatMap((value, k) =>
        places.steps[s].detours[k] === undefined
          ? []
          : [copyOp(at.dxs[k]!.tensor, gradientAt(value), tiles, true)],
      );
      const first = [...at.dxs, at.dResidual]
        .filter((to) => to !== undefined)
        .filter(({ accumulate }) => !accumulate);
      const ops = [
        ...(recomputation.before.get(s) ?? []).flatMap(again),
        ...onGradient(s),
        ...rule.backward(layer, at),
        ...first.flatMap(({ tensor }) => clear(tensor)),
        ...additions,
        ...schedule.completes(s).filter(isKept).flatMap(onGradient),
        ...(rule.weightGradients?.(layer, at) ?? []),
      ];
      const gradients = at.parameters.map((parameter, p) => ({
        parameter,
        gradient: at.gradients[p],
      }));
      // Parameters move once all that runs together is done.
      held = [...(joinedBackward(s) ? held : []), ...gradients];
      backward.push({
        name,
        ops: joinTiles(ops, tiles, joinedBackward(s)),
        gradients: joinedBackward(s - 1) ? [] : held,
      });
    }
    return { ...lowerForward(training ? "forward" : "evaluation", frozen), backward };
  };

  return {
    ...data,
    batchSize,
    tiles,
    bytes: places.bytes,
    recomputed: [...recomputation.moments.keys()].map((s) => model.nodes[steps[s].node].name),
    lower,
    lowerEvaluation: () => lowerForward("evaluation"),
    lowerStatistics: () => lowerForward("statistics"),
  };
}
