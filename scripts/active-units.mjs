/** Units of every layer of the autoencoders. */
export const UNITS_PER_LAYER = 784;

/** Active units of each layer at the end of an autoencoder's run, given what its result.json says of the end. */
export const activeUnits = ({ nodeDensity }) => nodeDensity.map((share) => Math.round(share * UNITS_PER_LAYER));
