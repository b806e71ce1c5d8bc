/** The fault of a union without a discriminator, whose members' own faults would say less. */
export const found = (wanted: string) => ({
  error: ({ input }: { input?: unknown }) =>
    input === undefined
      ? `missing; expected ${wanted}`
      : `expected ${wanted}, found ${JSON.stringify(input)}`,
});
