"""Real Caffe in Docker: finds the engine and the image, and gives out workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound
from docker.utils import kwargs_from_env

from caffe_runner.engines.base import EngineFacts, Limits, Mounts
from caffe_runner.engines.docker_worker import DockerWorker
from caffe_runner.errors import EngineError

LABEL = "org.qim-stats.study"
"""The label every container of ours carries; its value names the study."""


class DockerEngine:
    """Trials in containers of one image.

    Parameters
    ----------
    images : tuple of str
        Image names in order of preference; the first that is on this machine serves.
    study_id : str
        Marks this study's containers.

    Raises
    ------
    EngineError
        If no engine answers, or this user may not use it.
    """

    def __init__(self, images: tuple[str, ...], study_id: str) -> None:
        self._images = images
        self._study_id = study_id
        self._api = connect()

    def facts(self) -> EngineFacts:
        """Find the image.

        Raises
        ------
        EngineError
            If none of the images is here.
        """
        image = self._find_image()
        return EngineFacts(
            image=image,
            image_id=self._api.inspect_image(image)["Id"],
            engine_version=self._api.version()["Version"],
        )

    def clear(self) -> int:
        """Remove containers of this study that a killed runner left behind; return how many there were."""
        left = self._api.containers(all=True, filters={"label": f"{LABEL}={self._study_id}"})
        for container in left:
            remove(self._api, container["Id"])
        return len(left)

    @contextmanager
    def worker(self, mounts: Mounts, limits: Limits) -> Iterator[DockerWorker]:
        """Give a container that runs one trial after another; it is gone when the context ends."""
        api = connect()
        try:
            worker = DockerWorker(api, self._find_image(), {LABEL: self._study_id}, mounts, limits)
            try:
                yield worker
            finally:
                worker.close()
        finally:
            api.close()

    def _find_image(self) -> str:
        for image in self._images:
            try:
                self._api.inspect_image(image)
            except ImageNotFound:
                continue
            except (DockerException, requests.RequestException) as error:
                raise EngineError(f"the engine cannot look for image {image!r}: {error}") from error
            return image
        names = " nor ".join(self._images)
        raise EngineError(
            f"the engine has no image {names}",
            remedy=f"run `make image`, or `docker pull {self._images[0]}`",
        )


def connect() -> docker.APIClient:
    """Connect to the engine that the environment names.

    Raises
    ------
    EngineError
        If none answers, or this user may not use it.
    """
    place = os.environ.get("DOCKER_HOST", "the default socket")
    try:
        api = docker.APIClient(**kwargs_from_env(), version="auto", timeout=60)
        api.ping()
    except (DockerException, requests.RequestException) as error:
        if "PermissionError" in repr(error) or "Permission denied" in str(error):
            raise EngineError(
                f"this user may not use the Docker engine at {place}",
                remedy="add the user to the group `docker` and log in again, or run as root",
            ) from error
        raise EngineError(
            f"no Docker engine answers at {place}",
            remedy="start it (as root on Debian: `make engine`), or see `python -m caffe_runner doctor`",
        ) from error
    return api


def remove(api: docker.APIClient, container_id: str) -> None:
    """Kill and remove a container; one that is gone, or going, already is no error."""
    try:
        api.remove_container(container_id, force=True, v=True)
    except APIError as error:
        if error.status_code not in (404, 409):
            raise
