#!/bin/bash
#PBS -S /bin/bash
#PBS -N apus.htex.block
#PBS -m n
#PBS -r n
#PBS -l nodes=2:ppn=16
#PBS -l walltime=25:01:01
#PBS -o "/run/100% $x 'mine'/apus.htex.block-7.stdout"
#PBS -e "/run/100% $x 'mine'/apus.htex.block-7.stderr"
#PBS -l mem=4gb

export PARSL_CORES=16
export JOBNAME=apus.htex.block-7
export A=1
export B='it'\''s "so" $HOME'
cd -- '/home/it'\''s mine' || exit 72

module load gcc

env APUS_ROLE=manager '/home/a b/prog' --x
