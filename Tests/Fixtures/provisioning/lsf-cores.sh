#!/bin/bash
#BSUB -J apus.block-0
#BSUB -o /run/blocks/apus.block-0.stdout
#BSUB -e /run/blocks/apus.block-0.stderr
#BSUB -rn
#BSUB -W 10
#BSUB -n 100
#BSUB -R "span[ptile=42]"

export PARSL_CORES=42
export JOBNAME=apus.block-0
cd -- /home/me || exit 72

run me
