"""Faces in photos: found by a detector, cropped as FER-2013 frames them, followed in films.

The only room that imports OpenCV, and only when a picture is searched.
"""
