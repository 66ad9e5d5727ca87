#!/bin/bash
export PARSL_CORES=4
export PARSL_MEMORY_GB=1.5
export JOBNAME=apus.htex.block-7
export A=1
export B='it'\''s "so" $HOME'
cd -- '/home/it'\''s mine' || exit 72

module load gcc

env APUS_ROLE=manager '/home/a b/prog' --x
