#!/bin/bash
#SBATCH --job-name=apus.htex.block-0
#SBATCH --output="/run/100%% \"mine\"/apus.htex.block-0.stdout"
#SBATCH --error="/run/100%% \"mine\"/apus.htex.block-0.stderr"
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --time=25:01:01
#SBATCH --partition=gpu
#SBATCH --account="a b"
#SBATCH --qos=high
#SBATCH --constraint=haswell&ssd
#SBATCH --clusters=one,two
#SBATCH --cpus-per-task=64
#SBATCH --mem=1536M
#SBATCH --gpus-per-node=4
#SBATCH --gres=gpu:a100:4
#SBATCH --signal=USR1@120
#SBATCH --exclusive
#SBATCH --requeue
#SBATCH --mail-type=END
#SBATCH --comment=x

export PARSL_CORES=64
export PARSL_MEMORY_GB=1.5
export A=1
export B='it'\''s'
cd -- '/home/a b' || exit 72

module load gcc
export OMP_NUM_THREADS=1

srun --nodes=2 --ntasks=2 --ntasks-per-node=1 \
    ${SLURM_CPUS_PER_TASK:+--cpus-per-task="$SLURM_CPUS_PER_TASK"} \
    --kill-on-bad-exit=0 --unbuffered /bin/bash -c 'env APUS_ROLE=manager '\''/home/a b/prog'\'' --x'
