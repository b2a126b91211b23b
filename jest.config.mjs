/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/test/jest/host-realm-environment.cjs',
  roots: ['<rootDir>/packages', '<rootDir>/test'],
  testMatch: ['**/src/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^onnxruntime-node$': '<rootDir>/test/jest/host-onnxruntime.cjs' },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ['@virnucpro/source', 'node'] },
  reporters: ['default', '<rootDir>/test/jest/closing-line-reporter.mjs'],
  // The programs under test use one thread per worker; jest itself would leave a core of two idle.
  maxWorkers: 2,
  testTimeout: 60_000,
};
