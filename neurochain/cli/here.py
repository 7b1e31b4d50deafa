"""The project of the current folder, for commands that make none."""

from neurochain.datasets.project import Project, find_project
from neurochain.errors import ProjectError


def project_here() -> Project:
    """The project that is there.

    Raises
    ------
    ProjectError
        There is none here or above.
    """
    project = find_project(create=False)
    if project is None:
        raise ProjectError(
            "There is no .neurochain folder here or above. Change to the project's folder, or set NEUROCHAIN_HOME."
        )
    return project
