#!/bin/bash
#BSUB -J apus.htex.block-7
#BSUB -o "/run/100% $x 'mine'/apus.htex.block-7.stdout"
#BSUB -e "/run/100% $x 'mine'/apus.htex.block-7.stderr"
#BSUB -rn
#BSUB -W 1502
#BSUB -P "a b"
#BSUB -q batch
#BSUB -nnodes 2
#BSUB -alloc_flags smt1

export JOBNAME=apus.htex.block-7
export A=1
export B='it'\''s "so" $HOME'
cd -- '/home/it'\''s mine' || exit 72

module load gcc

env APUS_ROLE=manager '/home/a b/prog' --x
