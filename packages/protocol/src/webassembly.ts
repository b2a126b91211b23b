export interface WebAssemblyMemory {
  /** Another one after `grow`, and the one before is empty then. */
  readonly buffer: ArrayBuffer;
  /** @throws {RangeError} when there is no such room */
  readonly grow: (pages: number) => number;
}

export interface WebAssemblyGlobal {
  readonly value: number;
}

/** A compiled program; opaque. */
export type WebAssemblyModule = object;

/** The part of WebAssembly that is used here: TypeScript declares it only among what browsers have. */
export const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => WebAssemblyModule;
    readonly Instance: new (module: WebAssemblyModule) => { readonly exports: unknown };
  };
};
