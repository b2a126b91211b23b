/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/test/jest/host-realm-environment.cjs',
  roots: ['<rootDir>/packages', '<rootDir>/test'],
  testMatch: ['**/src/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ['@virnucpro/source', 'node'] },
  reporters: ['default', '<rootDir>/test/jest/closing-line-reporter.mjs'],
  testTimeout: 60_000,
};
