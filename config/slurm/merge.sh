#!/bin/bash
# Puts the parts of all nodes together and reads every byte of the result again.
# Written by virnucpro-orchestrate from config/slurm/merge.sh; starts when every node is done.
{{sbatch}}

for name in "${!VIRNUCPRO_@}"; do [ "$name" = VIRNUCPRO_CACHE_DIR ] || unset "$name"; done
{{setup}}
tool=({{tool}})
run_dir={{run_directory}}

"${tool[@]}" merge "$run_dir"
code=$?
# 3: some records were rejected; failed.tsv names them.
if [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then exit "$code"; fi
"${tool[@]}" verify "$run_dir" || exit
exit "$code"
