import fc from "fast-check";

// The same cases in every run, so that a red run is red again; `SEED=random npm test` looks for new ones.
const { SEED } = process.env;
if (SEED !== "random") fc.configureGlobal({ seed: SEED === undefined ? 20_261_123 : Number(SEED) });
