/** The onnxruntime-node of the process, the same for all of its test files; see host-realm-environment.cjs. */
module.exports = globalThis.hostOnnxRuntime;
