#!/bin/bash
#$ -S /bin/bash
#$ -N apus.htex.block-7
#$ -o "/run/100% $x 'mine'/apus.htex.block-7.stdout"
#$ -e "/run/100% $x 'mine'/apus.htex.block-7.stderr"
#$ -r no
#$ -l h_rt=25:01:01
#$ -q all.q@@big
#$ -pe smp 8
#$ -l mem_free=4G
#$ -M me@example.org

export PARSL_CORES=8
export JOBNAME=apus.htex.block-7
export A=1
export B='it'\''s "so" $HOME'
cd -- '/home/it'\''s mine' || exit 72

module load gcc

env APUS_ROLE=manager '/home/a b/prog' --x
