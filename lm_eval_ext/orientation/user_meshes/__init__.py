"""Meshes of the user's own, added to the catalogue.

``declaration`` reads ``objects.yaml``; ``sources`` the files that it names, with ``glb``'s checks; ``importing`` and ``surfaces``
their triangles and colours; ``store`` keeps these by content; ``views`` looks whether a mesh is as declared; ``reading`` does all
of it in turn.
"""
