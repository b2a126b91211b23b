const { TestEnvironment } = require('jest-environment-node');

/**
 * Jest runs tests in a vm context whose typed arrays and errors are not the host's. Native add-ons
 * (onnxruntime-node) and node's own IPC make host objects, so `instanceof` fails across that border;
 * tests get the host's constructors instead.
 */
class HostRealmEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of HOST_CONSTRUCTORS) this.global[name] = globalThis[name];
    // Initialized a second time in one process, which a second test file would do, its binding aborts.
    Object.defineProperty(this.global, 'hostOnnxRuntime', { get: () => require('onnxruntime-node') });
  }
}

const HOST_CONSTRUCTORS = [
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Uint8Array',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Error',
  'TypeError',
  'RangeError',
  'SyntaxError',
  'AggregateError',
];

module.exports = HostRealmEnvironment;
