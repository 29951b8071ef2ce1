/** How much may be under way at once: what finds no room is sent away, so that it piles up at its sender and not here. */
export interface Room {
  /** Gives how to leave again, which may be called twice; undefined where there is no room. */
  enter(bytes: number): (() => void) | undefined;
}

export function createRoom({ most, mostBytes }: { readonly most: number; readonly mostBytes: number }): Room {
  let inside = 0;
  let bytesInside = 0;
  return {
    enter(bytes) {
      // One that is larger than all the room still gets in alone: how large a single one may be is not for the room to say.
      if (inside >= most || (inside > 0 && bytesInside + bytes > mostBytes)) return undefined;
      inside += 1;
      bytesInside += bytes;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        inside -= 1;
        bytesInside -= bytes;
      };
    },
  };
}
