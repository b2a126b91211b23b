#!/bin/bash
# Embeds one run on {{nodes}} node(s): {{what}}.
# Written by virnucpro-orchestrate from config/slurm/run.sh; docs/slurm.md says what happens at a time limit, at a
# preemption and when a node is lost. It may be edited.
{{sbatch}}

# --- what is run ----------------------------------------------------------------------------------------------------
run_dir={{run_directory}}
arguments=({{arguments}})
# Nothing of the environment may change what was checked when this script was written.
for name in "${!VIRNUCPRO_@}"; do [ "$name" = VIRNUCPRO_CACHE_DIR ] || unset "$name"; done

# --- how this cluster wants it --------------------------------------------------------------------------------------
{{setup}}
tool=({{tool}})
compute=({{compute}})
rank=({{rank}})

# --- run, and go on after a stop ------------------------------------------------------------------------------------
# Slurm sends USR1 to this shell alone, some time before the time limit (--signal=B:USR1); it is passed on. TERM it sends
# to every process itself. A trapped signal ends `wait` early: then it is called again (127: it had ended already).
child='' code=127 signalled=1
trap 'signalled=1; [ -z "$child" ] || kill -s USR1 "$child"' USR1
trap 'signalled=1' TERM
{{launch}} &
child=$!
while [ -n "$signalled" ]; do
  signalled=''
  wait "$child"
  status=$?
  [ "$status" -eq 127 ] || code=$status
done

# 3: finished, some records were rejected; failed.tsv will name them. 75: stopped. Over 128: ended by a signal.
if [ "$code" -eq 3 ]; then exit 0; fi
if [ "$code" -eq 75 ] || [ "$code" -gt 128 ]; then
  "${tool[@]}" slurm requeue "$run_dir" --num-nodes {{nodes}} "${rank[@]}" --max-idle-restarts {{max_idle_restarts}}
  exit
fi
exit "$code"
