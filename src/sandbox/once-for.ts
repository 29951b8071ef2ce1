/** `make`, called again only for another argument than last time: most steps find the pods that the step before found. */
export function onceFor<In extends object, Out>(make: (given: In) => Out): (given: In) => Out {
  let last: { readonly given: In; readonly made: Out } | undefined;
  return (given) => {
    if (last?.given !== given) last = { given, made: make(given) };
    return last.made;
  };
}
