"""Where gunicorn, and the Python builder of OpenShift, find the application."""

from app import app as application

__all__ = ["application"]
