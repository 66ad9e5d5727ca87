#!/bin/bash
#PBS -S /bin/bash
#PBS -N apus.htex.block-7
#PBS -m n
#PBS -r n
#PBS -l select=2:ncpus=64:ngpus=4:system=polaris
#PBS -l walltime=25:01:01
#PBS -o "/run/100% $x 'mine'/apus.htex.block-7.stdout"
#PBS -e "/run/100% $x 'mine'/apus.htex.block-7.stderr"
#PBS -l filesystems=home

export PARSL_CORES=64
export JOBNAME=apus.htex.block-7
export A=1
export B='it'\''s "so" $HOME'
cd -- '/home/it'\''s mine' || exit 72

module load conda

env APUS_ROLE=manager '/home/a b/prog' --x
