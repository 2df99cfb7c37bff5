// Where the content area is, with a history like a browser's.
export type Place =
  | { kind: "home" }
  | { kind: "browse"; profile: string; bucket: string; prefix: string }
  | { kind: "access"; profile: string; bucket: string }
  | { kind: "connection"; profile: string }
  | { kind: "doctor"; profile: string; bucket: string }
  | { kind: "search" }
  | { kind: "transfers" }
  | { kind: "keys" }
  | { kind: "settings" };

export function samePlace(a: Place, b: Place): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const KEPT = 100;

export class Nav {
  place = $state.raw<Place>({ kind: "home" });
  #back = $state.raw<Place[]>([]);
  #forward = $state.raw<Place[]>([]);

  get canBack(): boolean {
    return this.#back.length > 0;
  }
  get canForward(): boolean {
    return this.#forward.length > 0;
  }

  go(place: Place): void {
    if (samePlace(place, this.place)) return;
    if (this.place.kind !== "home") this.#back = [...this.#back.slice(-KEPT), this.place];
    this.#forward = [];
    this.place = place;
  }

  /** Goes there without a way back, for places that are gone. */
  replace(place: Place): void {
    this.place = place;
  }

  back(): void {
    const place = this.#back.at(-1);
    if (!place) return;
    this.#back = this.#back.slice(0, -1);
    this.#forward = [this.place, ...this.#forward];
    this.place = place;
  }

  forward(): void {
    const place = this.#forward[0];
    if (!place) return;
    this.#forward = this.#forward.slice(1);
    this.#back = [...this.#back, this.place];
    this.place = place;
  }

  /** A removed connection or bucket must not come back through the history. */
  forget(gone: (place: Place) => boolean): void {
    this.#back = this.#back.filter((p) => !gone(p));
    this.#forward = this.#forward.filter((p) => !gone(p));
    if (gone(this.place)) this.place = this.#back.at(-1) ?? { kind: "home" };
  }
}
