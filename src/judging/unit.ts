/** Unit of signals that count per time a pod was ready, not per event: their ratio is a rate, which may exceed 1. */
export const POD_MINUTES = "pod-minutes";
