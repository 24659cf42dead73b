"""A papermill engine whose kernels are forked from a warm process; elsewhere it is papermill's own and says so.

`papermill --engine infoaccess`, or runner.py. The executed notebook is what plain papermill gives, timings aside: the
same kernel, started otherwise. Each kernel is a process of its own, so no notebook can change another's figures.
"""

import asyncio
import sys
from functools import cache
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from infoaccess import warm

NAME = "infoaccess"
PROVISIONER = "infoaccess-warm"  # the entry point's name
_LAUNCHER = ["-m", "ipykernel_launcher"]


class ForkedProvisioner(LocalProvisioner):
    """Start kernels of this Python by a fork of the warm process, all others as ever."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start a kernel and return how to reach it."""
        if cmd[1:3] != _LAUNCHER or cmd[0] != sys.executable:
            return await super().launch_kernel(cmd, **kwargs)
        known = self._scrub_kwargs(kwargs)
        made = await asyncio.to_thread(warm.Kernel, cmd[3:], known.get("cwd"), known.get("env"))
        self.process, self.pid, self.pgid = made, made.pid, made.pid
        return self.connection_info


class WarmManager(AsyncKernelManager):
    """Manage a kernel whose provisioner is the forking one."""

    @property
    def kernel_spec(self) -> KernelSpec | None:
        """Return the kernel's specification, with the provisioner named in it."""
        found = super().kernel_spec
        if found is not None:
            found.metadata = {**found.metadata, "kernel_provisioner": {"provisioner_name": PROVISIONER}}
        return found


@cache
def _engine() -> type:
    from papermill.engines import NBClientEngine

    class WarmEngine(NBClientEngine):
        """Run a notebook in a forked kernel."""

        @classmethod
        def execute_managed_notebook(cls, nb_man, kernel_name: str, **kwargs: Any) -> Any:
            """Run the notebook of a papermill manager."""
            if warm.available():
                # all cells are done when it ends: nothing is lost, and a tenth of a second is won
                kwargs |= {"kernel_manager_class": WarmManager, "shutdown_kernel": "immediate"}
            else:
                print("infoaccess: không tách được tiến trình ở hệ này, chạy như papermill thường.", file=sys.stderr)
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)

    return WarmEngine


def __getattr__(name: str) -> type:
    """Make WarmEngine when it is first asked for: papermill loads its engines, and this one, while it is imported."""
    if name == "WarmEngine":
        return _engine()
    raise AttributeError(name)
