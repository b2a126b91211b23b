const package_ = (name) => `^packages/${name}/`;

/** The dependency rules of docs/architecture.md, checked. */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nobody-imports-orchestrator',
      severity: 'error',
      from: { pathNot: package_('orchestrator') },
      to: { path: package_('orchestrator') },
    },
    {
      name: 'gpu-worker-is-forked-not-imported',
      severity: 'error',
      from: { pathNot: package_('gpu-worker') },
      to: { path: package_('gpu-worker') },
    },
    {
      name: 'leaves-import-protocol-at-most',
      severity: 'error',
      from: { path: '^packages/(fasta|translate|model|checkpoint|monitor)/' },
      to: { path: '^packages/(?!(protocol)/)', pathNot: '^packages/$1/' },
    },
    {
      name: 'protocol-and-packing-import-no-package',
      severity: 'error',
      from: { path: '^packages/(protocol|packing)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/' },
    },
    {
      name: 'commands-import-their-job-when-called',
      severity: 'error',
      from: { path: '^packages/orchestrator/src/cli/' },
      to: {
        path: [
          '^packages/(checkpoint/src/index|fasta|model|monitor|packing)',
          '^packages/orchestrator/src/(run/.*-job|doctor/|plan/|check/|translate/|status/run-status)',
        ],
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'product-code-imports-no-tests',
      severity: 'error',
      from: { path: '^packages/', pathNot: '[.]test[.]ts$' },
      to: { path: ['[.]test[.]ts$', '^test/'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules)/' },
    enhancedResolveOptions: { conditionNames: ['@virnucpro/source', 'import', 'node', 'default'] },
  },
};
