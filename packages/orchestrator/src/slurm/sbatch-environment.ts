/** Where the variable is not simply SBATCH_ and the option's name (sbatch(1), INPUT ENVIRONMENT VARIABLES). */
const VARIABLES: Readonly<Record<string, string>> = {
  array: 'SBATCH_ARRAY_INX',
  mem: 'SBATCH_MEM_PER_NODE',
  time: 'SBATCH_TIMELIMIT',
};

/**
 * The environment for sbatch: SBATCH_ variables beat the lines of a script without a word, so those that would are left
 * out; the others, as a site sets them, count. Pure.
 *
 * @param script with its `#SBATCH --name` lines
 */
export function sbatchEnvironment(environment: NodeJS.ProcessEnv, script: string): NodeJS.ProcessEnv {
  const asked = [...script.matchAll(/^#SBATCH --([a-z-]+)/gm)].map(([, name = '']) => variableOf(name));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !asked.includes(name)));
}

function variableOf(option: string): string {
  return VARIABLES[option] ?? `SBATCH_${option.toUpperCase().replaceAll('-', '_')}`;
}
