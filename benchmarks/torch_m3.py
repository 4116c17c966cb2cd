"""Times one whole training step of the net M3 in PyTorch: the yardstick for `mememoji bench train --model m3`.

The step is forward, backward and Nesterov SGD on a batch that lies in memory, eager mode, training mode. Both memory
formats are measured in turn and the faster one is reported. Prints one line of JSON.

    /usr/bin/python3 benchmarks/torch_m3.py --batch 64 --threads 2
"""

import argparse
import json
import resource
import statistics
import sys
import time

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    sys.exit("torch_m3: PyTorch is missing; on Debian: apt-get install python3-torch")

PARAMETERS = 1_557_191  # of M3: convolutions, BatchNorm's scale and shift, the dense layer
FORMATS = {"default": torch.contiguous_format, "channels_last": torch.channels_last}


class Residual(nn.Module):
    """Basic residual block: two 3x3 convolutions with BatchNorm beside a shortcut, then ReLU."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Identity()
        if inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return functional.relu(self.body(x) + self.shortcut(x), inplace=True)


def m3(classes=7):
    """1x40x40 -> conv32 -> pool -> 2 blocks of 48 at 20 -> pool -> 2 of 96 at 10 -> pool -> 2 of 192 at 5 -> dense."""
    layers = [nn.Conv2d(1, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(inplace=True)]
    inputs = 32
    for width in (48, 96, 192):
        layers += [nn.MaxPool2d(2), Residual(inputs, width), Residual(width, width)]
        inputs = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


def make_step(batch, memory_format):
    """A function that runs one whole training step and returns the loss."""
    torch.manual_seed(1)
    net = m3().to(memory_format=memory_format).train()
    images = torch.randn(batch, 1, 40, 40).contiguous(memory_format=memory_format)
    targets = torch.softmax(torch.randn(batch, 7), dim=1)
    weights = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() == 1]
    groups = [{"params": weights, "weight_decay": 5e-4}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.SGD(groups, lr=0.05, momentum=0.9, nesterov=True)

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(net(images), targets)
        loss.backward()
        optimiser.step()
        return loss.item()

    return step


def count_parameters():
    count = sum(p.numel() for p in m3().parameters())
    if count != PARAMETERS:
        sys.exit(f"torch_m3: the net has {count} parameters, M3 has {PARAMETERS}")
    return count


def time_steps(step, warmup, steps):
    """Median of the step's wall time in milliseconds."""
    for _ in range(warmup):
        step()
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--format", choices=["both", *FORMATS], default="both", help="memory format of the tensors")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    parameters = count_parameters()
    names = FORMATS if arguments.format == "both" else [arguments.format]
    medians = {
        name: time_steps(make_step(arguments.batch, FORMATS[name]), arguments.warmup, arguments.steps) for name in names
    }
    best = min(medians, key=medians.get)
    report = {
        "imagesPerSecond": round(arguments.batch / medians[best] * 1000, 1),
        "medianMs": round(medians[best], 2),
        "format": best,
        "medianMsByFormat": {name: round(value, 2) for name, value in medians.items()},
        "batch": arguments.batch,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "parameters": parameters,
        "peakMemoryMB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
